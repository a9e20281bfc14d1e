"""Where the command `suimon` begins: Ctrl-C while it is still being imported ends it without a traceback."""

import signal  # which takes a hundredth of the second


def main() -> None:
    """Run the command line; it answers Ctrl-C itself once it is there, which on a busy machine takes a second."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # else whoever started it wants no Ctrl-C to reach it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from suimon.cli.main import main as command  # noqa: PLC0415 that takes the second

    signal.signal(signal.SIGINT, usual)
    command()
