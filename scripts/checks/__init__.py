"""The checks of `scripts/verify`, one file each. A check is a function of the tree's root that returns findings."""
