"""Flask extensions, created here and initialized by the application factory."""

from typing import TYPE_CHECKING

from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from .rate_limiting.limits import client_network
from .security.login_manager import SiteLoginManager

# Predictable names, so that migrations can drop constraints.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base of `db.Model`."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


babel = Babel()
bootstrap = Bootstrap5()
csrf = CSRFProtect()
db = SQLAlchemy(model_class=Base)
limiter = Limiter(client_network)
login_manager = SiteLoginManager()
mail = Mail()
migrate = Migrate()

if TYPE_CHECKING:
    Model = Base  # type checkers do not see `db.Model`, which is created at run time
else:
    Model = db.Model
