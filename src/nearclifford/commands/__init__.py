"""What the subcommands of ``nearclifford`` do: a module each, imported when its command is given."""

# The exit status where some points of a study ended in an error, and after Ctrl-C.
FAILED = 1
INTERRUPTED = 130
