"""The extensions: built here, configured by the application factory."""

from typing import TYPE_CHECKING

from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from . import attempts  # noqa: F401 - tells Flask-Limiter how to count in Redis
from .login import SiteLoginManager

# Every constraint gets a name that can be foretold, so that a migration can drop it.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What `db.Model` is made of."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


babel = Babel()
bootstrap = Bootstrap5()
csrf = CSRFProtect()
db = SQLAlchemy(model_class=Base)
limiter = Limiter(get_remote_address)
login_manager = SiteLoginManager()
mail = Mail()
migrate = Migrate()

if TYPE_CHECKING:
    Model = Base  # `db.Model` is made at run time, where a type checker cannot see it
else:
    Model = db.Model
