# What the `flask` command needs to know; your own settings go into .env (see .env.example).
FLASK_APP=manage.py
