"""Everything that leaves the house: what is said, by whom, and what came of it."""
