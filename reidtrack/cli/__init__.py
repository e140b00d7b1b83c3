"""The command line: each subcommand parses, calls a pipeline and returns an exit code."""
