"""The state that `setup` brings a server to."""

import json
from dataclasses import dataclass, replace

MEMORY, TASKS = "80%", "2048"  # of one app: it cannot take the whole server down


@dataclass(frozen=True)
class Plan:
    """An app, its domain, the first ssh key, and its services."""

    app: str
    domain: str
    key_name: str
    key: str
    postgres: bool = False
    redis: bool = False
    ipv6: bool = True
    memory: str = ""  # limits as in systemd: a size such as 1G, or a percentage
    tasks: str = ""
    also: tuple[str, ...] = ()  # further domains

    @property
    def root(self) -> str:
        """The directory of the app."""
        return f"/srv/{self.app}"

    @property
    def names(self) -> list[str]:
        """All domains, the first one first."""
        return list(dict.fromkeys([*self.domain.split(), *self.also]))

    def inspect_command(self) -> list[str]:
        """Return the command that prints what an earlier setup wrote, and whether IPv6 exists."""
        site = f"cat {self.root}/site.json 2>/dev/null || echo '{{}}'"
        return ["sh", "-c", f"{site}; echo; test -e /proc/net/if_inet6 && echo ipv6; true"]

    def merged(self, current: str, domain: str | None) -> "Plan":
        """Return the plan with everything that the app already has, given that output."""
        text, _, machine = current.partition("\n")
        site = json.loads(text)
        variables = site.get("variables", {})
        return replace(
            self,
            domain=domain or site.get("domain", self.domain),
            postgres=self.postgres or "DATABASE_URL" in variables,
            redis=self.redis or "REDIS_URL" in variables,
            ipv6="ipv6" in machine,
            memory=self.memory or site.get("memory", MEMORY),
            tasks=self.tasks or site.get("tasks", TASKS),
            also=tuple(site.get("also", ())),
        )

    def variables(self) -> dict[str, str]:
        """Return the environment variables that setup provides."""
        variables = {"SITE_URL": f"https://{self.domain}"}
        if self.postgres:  # peer authentication: no password
            variables["DATABASE_URL"] = f"postgresql:///{self.app}?host={self.root}/postgres"
        if self.redis:
            variables["REDIS_URL"] = f"unix://{self.root}/redis/socket"
        return variables
