"""The Linear Clifford Encoder and the search for the best one."""
