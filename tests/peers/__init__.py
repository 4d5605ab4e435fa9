"""Run the peers' own code: their workers under Node, davey in this process."""
