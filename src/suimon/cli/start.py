"""Where the command `suimon` begins: Ctrl-C while it is still being imported ends it without a traceback."""

import signal


def main() -> None:
    """Run the command line. Its imports take up to a second; only then can it answer Ctrl-C itself."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # else whoever started it wants no Ctrl-C to reach it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from suimon.cli.main import main as command  # noqa: PLC0415 Ctrl-C would find no handler

    signal.signal(signal.SIGINT, usual)
    command()
