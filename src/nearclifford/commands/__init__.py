"""What the subcommands of ``nearclifford`` do: a module each, imported when its command is given."""

# The exit status after Ctrl-C.
INTERRUPTED = 130
