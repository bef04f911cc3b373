"""What setup shall make of a server."""

import json
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Plan:
    """What is wanted: an app, the name of its site, and whether it has databases of its own."""

    app: str
    domain: str
    key_name: str
    key: str
    postgres: bool = False
    redis: bool = False
    ipv6: bool = True

    @property
    def root(self) -> str:
        """The folder of the app."""
        return f"/srv/{self.app}"

    def look(self) -> list[str]:
        """Return the command that shows what an earlier setup has decided, and what there is."""
        site = f"cat {self.root}/site.json 2>/dev/null || echo '{{}}'"
        return ["sh", "-c", f"{site}; echo; test -e /proc/net/if_inet6 && echo ipv6; true"]

    def with_what_is_there(self, shown: str, domain: str | None) -> "Plan":
        """Return the plan, so that what the app has it keeps, whatever was said this time."""
        site, _, machine = shown.partition("\n")
        there = json.loads(site)
        variables = there.get("variables", {})
        return replace(
            self,
            domain=domain or there.get("domain", self.domain),
            postgres=self.postgres or "DATABASE_URL" in variables,
            redis=self.redis or "REDIS_URL" in variables,
            ipv6="ipv6" in machine,
        )

    def variables(self) -> dict[str, str]:
        """Return what every process of the app is told."""
        found = {"FLASKY_URL": f"https://{self.domain}"}
        if self.postgres:  # the kernel tells PostgreSQL who asks: there is no password
            found["DATABASE_URL"] = f"postgresql:///{self.app}?host=/run/postgresql"
        if self.redis:
            found["REDIS_URL"] = f"unix://{self.root}/redis/socket"
        return found
