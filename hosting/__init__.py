"""Your own server as a place to `git push` to: `python -m hosting --help`, docs/hosting.md.

`server/` is copied to the server by `setup` and knows the standard library alone; everything else
runs on the laptop, with ssh and git as programs. Nothing here imports the application.
"""
