"""Deploy to your own server with `git push`.

`agent/` is copied to the server by `hosting setup` and uses the standard library only. Everything
else runs on your machine and calls ssh and git.
"""

__version__ = "0.1.0"
