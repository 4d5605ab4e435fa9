"""The regression gates behind `make bench-gate`; bench/README.md explains them."""
