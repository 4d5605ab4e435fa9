"""Groups of rfc9420, a whole MLS implementation, behind what the tests need.

rfc9420 1.3.0 cannot read its own commits with an UpdatePath, which a removal
needs: it leaves the committer's new leaf unsigned, and encrypts the path secrets
under a tree hash that does not yet have that leaf (RFC 9420, 7.3 and 12.4.2).
_sign_the_leaf() puts both right. It also keeps proposals that others have
committed, so that only the founder commits here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rfc9420 import DefaultCryptoProvider, ProtocolMLSGroup, Sender
from rfc9420.messages.data_structures import Signature, UpdatePath
from rfc9420.messages.key_packages import KeyPackage, LeafNode, LeafNodeSource

from peers.mls import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric import ec
    from rfc9420.protocol.tree.ratchet_tree import RatchetTree

SUITE = 2  # P-256, AES-128-GCM, SHA-256
GROUP_ID = b"fastframe"


def scalar(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Give a private key as rfc9420 takes it."""
    return key.private_numbers().private_value.to_bytes(32, "big")


class Client:
    """One client of a group: its keys, and the group as it sees it."""

    def __init__(self, name: bytes) -> None:
        """Draw keys and make a key package."""
        self.member = Member(name)
        self.package = KeyPackage.deserialize(self.member.package)
        self._signature = scalar(self.member._signature)
        self._group: Any = None

    def found(self) -> None:
        """Start a group of one, in epoch 0."""
        provider = DefaultCryptoProvider(SUITE)
        self._group = ProtocolMLSGroup.create(GROUP_ID, self.package, provider)

    def join(self, welcome: Any) -> None:
        """Enter a group by a Welcome."""
        self._group = ProtocolMLSGroup.from_welcome(
            welcome,
            scalar(self.member._init),
            DefaultCryptoProvider(SUITE),
            key_package=self.package,
            encryption_private_key=scalar(self.member._encryption),
        )

    def add(self, joiner: Client, others: Sequence[Client] = ()) -> Any:
        """Add a client to the group, which the others follow; give the Welcome."""
        proposal = self._group.create_add_proposal(joiner.package, self._signature)
        (welcome,) = self._commit(proposal, others)
        joiner.join(welcome)
        return welcome

    def remove(self, leaf: int, others: Sequence[Client] = ()) -> None:
        """Remove the client on a leaf, which the others follow."""
        proposal = self._group.create_remove_proposal(leaf, self._signature)
        self._commit(proposal, others)

    def _commit(self, proposal: Any, others: Sequence[Client]) -> list[Any]:
        for client in (self, *others):
            client._group.process_proposal(proposal, Sender(self.leaf))
        tree = self._group._ratchet_tree
        tree_class = type(tree)
        original = tree_class.create_update_path
        tree_class.create_update_path = self._sign_the_leaf(original)
        try:
            commit = self._group.create_commit(self._signature)
        finally:
            tree_class.create_update_path = original
        self._group.apply_own_commit(commit)
        for client in others:
            client._group.process_commit(commit.commit_message, self.leaf)
        return list(commit.welcomes)

    def _sign_the_leaf(self, original: Any) -> Any:
        """Wrap rfc9420's making of an UpdatePath: see the top of this file."""

        def create_update_path(
            tree: RatchetTree, index: int, *rest: Any, **more: Any
        ) -> Any:
            hash_tree = tree.calculate_tree_hash
            signed: list[LeafNode] = []

            def calculate_tree_hash() -> bytes:
                if not signed:
                    parent = tree._compute_parent_hash_for_leaf(index)
                    signed.append(self._new_leaf(tree, index, parent))
                    tree.get_node(2 * index).leaf_node = signed[0]
                    tree._recalculate_hashes_from(2 * index)
                return hash_tree()

            tree.calculate_tree_hash = calculate_tree_hash
            try:
                path, *secrets = original(tree, index, *rest, **more)
            finally:
                del tree.calculate_tree_hash
            return UpdatePath(signed[0].serialize(), path.nodes), *secrets

        return create_update_path

    def _new_leaf(self, tree: RatchetTree, index: int, parent: bytes) -> LeafNode:
        source = LeafNodeSource.COMMIT
        old = tree.get_node(2 * index).leaf_node
        leaf = replace(old, leaf_node_source=source, parent_hash=parent)
        provider = DefaultCryptoProvider(SUITE)
        content = leaf.tbs_serialize(GROUP_ID, index)
        signature = provider.sign_with_label(self._signature, b"LeafNodeTBS", content)
        return replace(leaf, signature=Signature(signature))

    @property
    def epoch(self) -> int:
        """The epoch that this client is in."""
        return self._group.get_epoch()

    @property
    def leaf(self) -> int:
        """The index of this client's leaf."""
        return self._group.get_own_leaf_index()

    @property
    def exporter_secret(self) -> bytes:
        """The epoch's exporter secret (RFC 9420, 8)."""
        return self._group.get_exporter_secret()
