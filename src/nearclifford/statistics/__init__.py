"""Moments of the loss and its gradient over a patch: verbs, backends, results and intervals."""
