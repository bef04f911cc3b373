"""Provisioning scripts, the plan, and nginx's configuration."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hosting import nginx, provision, setup
from hosting.agent.keys import authorized_keys_line
from hosting.agent.paths import App
from hosting.plan import Plan

PLAN = Plan(
    "my-blog",
    "blog.example.org",
    "ann",
    "ssh-ed25519 AAAA",
    postgres=True,
    memory="1G",
    tasks="64",
)


def test_script_contains_check_and_command_of_each_step() -> None:
    script = provision.script([provision.Step("it's", "test -e x", "touch x")], dry=True)

    assert script.startswith("dry=yes\n")
    assert script.endswith("""step 'it'"'"'s' 'test -e x' 'touch x'\n""")


def test_archive_is_reproducible() -> None:
    assert provision.tar({"a": "1", "b": "2"}) == provision.tar({"b": "2", "a": "1"})


def test_agent_runs_without_the_client(tmp_path: Path) -> None:
    shutil.copytree(setup.AGENT, tmp_path / "agent")
    (tmp_path / "__main__.py").write_text(setup.MAIN)

    done = subprocess.run(
        [sys.executable, "-I", str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (
        1, "This is the agent of `hosting`. Run `hosting` on your machine.\n",
    )  # fmt: skip


def test_key_is_restricted_to_the_agent() -> None:
    assert authorized_keys_line(App(Path("/srv/blog")), "ann", "ssh-ed25519 AAAA") == (
        'restrict,pty,command="exec /usr/bin/python3 -I /srv/blog/hosting dispatch ann" '
        "ssh-ed25519 AAAA ann\n"
    )


def test_variables_contain_no_database_password() -> None:
    assert PLAN.variables() == {
        "SITE_URL": "https://blog.example.org",
        "DATABASE_URL": "postgresql:///my-blog?host=/srv/my-blog/postgres",
    }


def test_second_setup_keeps_what_the_app_has() -> None:
    site = json.dumps({"domain": "old.example.org", "variables": {"REDIS_URL": "unix:///x"}})
    current = f"{site}\nipv6\n"

    assert PLAN.merged(current, None) == replace(PLAN, domain="old.example.org", redis=True)
    assert PLAN.merged(current, "new.example.org").domain == "new.example.org"
    assert PLAN.merged("{}\nipv6\n", None) == PLAN


def test_nginx_templates_contain_the_names_of_the_app() -> None:
    text = nginx.render("site.conf", PLAN)

    assert "server_name blog.example.org;" in text
    assert "/etc/ssl/my-blog/fullchain.pem" in text
    assert "limit_conn_zone $my_blog_client zone=my_blog:10m;" in text
    assert "unix:/srv/my-blog/run/live.sock:" in nginx.render("proxy.conf", PLAN)
    for name in ("site.conf", "proxy.conf", "limits.conf", "pages/503.html"):
        assert "@" not in nginx.render(name, PLAN).replace("@app", "").replace("@nothing", "")


def test_nginx_listens_on_ipv6_only_if_there_is_any() -> None:
    without = PLAN.merged("{}\n", None)

    assert nginx.render("site.conf", PLAN).count("listen [::]:") == 2
    assert "[::]" not in nginx.render("site.conf", without)
    assert "listen 80;" in nginx.render("site.conf", without)
