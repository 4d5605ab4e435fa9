"""A room of many members over a network that does what networks do, seeded."""
