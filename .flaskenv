# Settings of the `flask` command. Put your own settings into .env (see .env.example).
FLASK_APP=manage.py
