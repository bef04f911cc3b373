"""What runs on the server, as the app's user. See story.py, which tells a deploy top to bottom."""

PROTOCOL = 1  # the words that laptop and server exchange; another number is another language
