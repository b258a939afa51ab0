"""Hot loops of the guided particles."""
