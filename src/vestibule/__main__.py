"""`python -m vestibule`."""

from vestibule.cli.main import main

if __name__ == "__main__":
    main()
