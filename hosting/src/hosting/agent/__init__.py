"""The part that runs on the server, as the app's user: standard library only.

`setup` copies this package to /srv/APP/hosting/. The deploy pipeline is in deploy.py.
"""

PROTOCOL = 1  # version of the commands between client and agent; both must have the same
