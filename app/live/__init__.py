"""The process `live`: server-sent events for pages that are open (live.js), without content.

`worker` is a worker class of gunicorn, in which an asyncio loop holds the connections. `listeners`
are the connections, and `poller` looks at the database once a second for all of them. Requests are
authenticated by the application itself: main/live.py. docs/decisions/live.md says why.

It is optional: without it, pages ask once a minute. To remove it, delete this package, the setting
LIVE_STREAM and deploy/systemd/flasky-live.*.
"""
