"""The command line; thin: it reads arguments, calls the rooms below and sets the exit status."""

from symflow.cli.commands import main

__all__ = ["main"]
