"""hosting: what is a value is compared with what it should be. What runs is in tests/hosting/."""

import dataclasses
import json
import re
import zipfile
from importlib import metadata
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hosting import regions, site, ssh, steps
from hosting.access import split
from hosting.cli import main
from hosting.looking import moment
from hosting.plan import Plan
from hosting.regions import Region
from hosting.requirements import difference
from hosting.server import processes, settings
from hosting.server.gate import VERBS
from hosting.server.keys import line
from hosting.server.places import App, Refused
from hosting.server.story import STORY
from hosting.server.table import table
from tests.hosting_reference import MARK, PAGE, commands, reference

FRA = Region("fra", "blog", "203.0.113.5", 2222, "/home/ann/key")
PLAN = Plan("my-blog", "blog.example.org", "ann", "ssh-ed25519 AAAA", postgres=True)
NOW = 1_000_000.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_ssh_believes_pinned_hosts_alone_and_asks_nothing(home: Path) -> None:
    assert ssh.verb(FRA, "run", "echo", "a b;c") == [
        "ssh", "-T", "-i", "/home/ann/key", "-o", "IdentitiesOnly=yes",
        "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15",
        "-o", f'UserKnownHostsFile="{home}/hosting/known_hosts"',
        "-o", "GlobalKnownHostsFile=/dev/null", "-p", "2222", "blog@203.0.113.5",
        "hosting 1 run echo 'a b;c'",
    ]  # fmt: skip


def test_push_names_the_branch_that_is_deployed() -> None:
    assert ssh.push(FRA) == ["git", "push", "fra", "HEAD:refs/heads/main"]
    assert ssh.push(FRA, force=True)[2] == "--force"


def test_key_is_tied_to_the_gate() -> None:
    assert line(App(Path("/srv/blog")), "ann", "ssh-ed25519 AAAA") == (
        'restrict,command="exec /usr/bin/python3 -I /srv/blog/hosting gate ann" '
        "ssh-ed25519 AAAA ann\n"
    )


def test_step_is_skipped_when_it_is_done() -> None:
    script = steps.script([steps.Step("it's", "test -e x", "touch x")], dry=True)

    assert script.startswith("dry=yes\n")
    assert script.endswith("""step 'it'"'"'s' 'test -e x' 'touch x'\n""")


def test_folder_is_archived_alike_each_time() -> None:
    assert steps.tar({"a": "1", "b": "2"}) == steps.tar({"b": "2", "a": "1"})


def test_nginx_files_carry_the_names_of_the_app() -> None:
    made = {step.name: step for step in site.nginx(PLAN)}
    text = site.named((site.NGINX / f"{site.WORD}.conf").read_text(), PLAN)

    assert "files /etc/nginx/my-blog" in made
    assert site.CLOSED in (site.NGINX / site.WORD / "pages/503.html").read_text()
    assert "server unix:/srv/my-blog/run/live.sock;" in text
    assert "server_name blog.example.org;" in text
    assert "/etc/ssl/my-blog/fullchain.pem" in text
    for file in (site.NGINX / site.WORD).glob("*.conf"):
        renamed = site.named(file.read_text(), PLAN)
        assert site.WORD not in renamed
        assert not re.search(r"[$<]my-blog_", renamed), file


def test_app_and_site_may_have_our_name_in_theirs() -> None:
    plan = Plan("flasky-two", "flasky.example.net", "ann", "ssh-ed25519 AAAA")

    text = site.named((site.NGINX / f"{site.WORD}.conf").read_text(), plan)

    assert "server unix:/srv/flasky-two/run/live.sock;" in text
    assert "include flasky-two/tls.conf;" in text
    assert "server_name flasky.example.net;" in text


def test_database_needs_no_password() -> None:
    assert PLAN.variables() == {
        "FLASKY_URL": "https://blog.example.org",
        "DATABASE_URL": "postgresql:///my-blog?host=/run/postgresql",
    }


def test_setup_takes_nothing_away_that_is_there() -> None:
    site = json.dumps({"domain": "old.example.org", "variables": {"REDIS_URL": "unix:///x"}})
    before = f"{site}\nipv6\n"

    assert PLAN.with_what_is_there(before, None) == dataclasses.replace(
        PLAN, domain="old.example.org", redis=True
    )
    assert PLAN.with_what_is_there(before, "new.example.org").domain == "new.example.org"
    assert PLAN.with_what_is_there("{}\nipv6\n", None) == PLAN


def test_nginx_listens_on_ipv6_where_there_is_any() -> None:
    text = (site.NGINX / f"{site.WORD}.conf").read_text()
    without = PLAN.with_what_is_there("{}\n", None)

    assert site.named(text, PLAN).count("listen [::]:") == 2
    assert "[::]" not in site.named(text, without)
    assert "listen 80;" in site.named(text, without)


def test_connections_are_counted_without_the_listener() -> None:
    table = (
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000: 00000002 00000000 00010000 0001 01 1 /srv/blog/run/7.sock\n"
        "0000: 00000003 00000000 00000000 0001 03 2 /srv/blog/run/7.sock\n"
        "0000: 00000003 00000000 00000000 0001 02 3 /srv/blog/run/7.sock\n"
        "0000: 00000003 00000000 00000000 0001 03 4 /srv/blog/run/17.sock\n"
        "0000: 00000003 00000000 00000000 0001 03 5\n"
    )
    assert processes.connections(Path("/srv/blog/run/7.sock"), table) == 2


def test_unit_says_which_release_it_belongs_to() -> None:
    assert processes.unit("web", 12, 1) == "process-web@12-1.service"
    assert processes.parts("process-web@12-1.service") == ("web", 12, 1)


def test_change_of_settings_keeps_the_age_of_what_stays() -> None:
    old = {"variables": {"A": {"value": "1", "since": 5}}, "scale": {"web": 2}}

    new = settings.changed(old, {"set": {"A": "1", "B": "2"}, "scale": {"worker": 1}})

    assert new["variables"]["A"]["since"] == 5
    assert settings.values(new) == {"A": "1", "B": "2"}
    assert new["scale"] == {"web": 2, "worker": 1}


@pytest.mark.parametrize("change", [{"set": {"A-B": "1"}}, {"set": {"A": "\0"}}, {"unset": ["A"]}])
def test_impossible_change_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Refused):
        settings.changed({"variables": {}, "scale": {}}, change)


def test_values_are_hidden_in_what_programs_print() -> None:
    assert settings.masked("a=hunter22 b=true", ["hunter22", "true"]) == "a=[hidden] b=true"
    assert settings.masked("x line-two", ["line-one\nline-two"]) == "x [hidden]"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10", 10), ("1d", 913_600), ("3h 20m 5s", 987_995), ("1970-01-02T00:00:00+00:00", 86_400)],
)
def test_times_are_relative_iso_or_unix(text: str, seconds: int) -> None:
    assert moment(text, NOW) == seconds


@pytest.mark.parametrize("text", ["", "soon", "3x", "2026-13-01"])
def test_bad_time_is_a_wrong_use(text: str) -> None:
    with pytest.raises(click.UsageError):
        moment(text, NOW)


def test_regions_are_remembered_for_their_owner_alone(home: Path) -> None:
    regions.remember(FRA)
    regions.remember(FRA)

    assert regions.remembered() == [FRA]
    assert (home / "hosting/regions.json").stat().st_mode & 0o777 == 0o600


def test_several_regions_must_be_chosen_from() -> None:
    regions.remember(FRA)
    regions.remember(Region("sea", "blog", "203.0.113.6"))

    done = CliRunner().invoke(main, ["status"])

    assert done.exit_code == 2
    assert "Which one? Say --region, and --app: fra (blog), sea (blog)." in done.output


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("@@ REMOTE HOST IDENTIFICATION HAS CHANGED! @@", "STOP: 203.0.113.5 shows another host"),
        ("ann: Permission denied (publickey).", "203.0.113.5 does not let this key in."),
        ("connect: Connection refused", "Nobody answers ssh at 203.0.113.5, port 2222."),
    ],
)
def test_what_ssh_complains_about_is_explained(complaint: str, sentence: str) -> None:
    assert ssh.explain(complaint, FRA).startswith(sentence)


@pytest.mark.slow
def test_export_is_the_same_each_time(tmp_path: Path) -> None:
    made = []
    for _ in range(2):
        done = CliRunner().invoke(main, ["export", "--to", str(tmp_path)])
        assert done.exit_code == 0, done.output
        made.append([(tmp_path / f"{end}end.zip").read_bytes() for end in ("front", "back")])

    front = zipfile.ZipFile(tmp_path / "frontend.zip").namelist()
    assert made[0] == made[1]
    assert any(re.fullmatch(r"static/css/base\.[0-9a-f]+\.css", name) for name in front)
    assert "_nginx/503.html" in front
    assert "manage.py" in zipfile.ZipFile(tmp_path / "backend.zip").namelist()


def test_every_command_has_help_with_an_example() -> None:
    for name, command in commands():
        done = CliRunner().invoke(main, [*name.split(), "--help"])
        assert done.exit_code == 0
        assert f"Example: python -m hosting {name}" in " ".join(done.output.split()), name
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), name


def test_story_is_told_in_its_order() -> None:
    told = [step.__name__ for step in STORY]
    page = PAGE.read_text()

    assert " → ".join(told) in " ".join(page.split())
    assert all(step.__doc__ for step in STORY)


def test_reference_is_that_of_the_commands() -> None:
    assert PAGE.read_text().partition(MARK)[2].strip() == reference().strip(), (
        "Run: python -m tests.hosting_reference"
    )


def test_gate_knows_what_the_client_asks_for() -> None:
    source = "".join(path.read_text() for path in Path(ssh.__file__).parent.glob("*.py"))
    asked = set(re.findall(r'(?:verb\(\w+, |finish\(region, |passed_on\()"([\w-]+)', source))

    assert asked == set(VERBS), json.dumps(sorted(asked ^ set(VERBS)))


def test_columns_stand_under_each_other() -> None:
    assert table([["a", "long", ""], ["bcd", "e", "f"]]) == "a    long\nbcd  e     f\n"
    assert table([]) == ""


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("root@203.0.113.5", ("root", "203.0.113.5", 22)),
        ("blog@example.org:2222", ("blog", "example.org", 2222)),
        ("blog@2001:db8::5", ("blog", "2001:db8::5", 22)),
    ],
)
def test_target_is_user_host_and_port(target: str, parts: tuple[str, str, int]) -> None:
    assert split(target) == parts


@pytest.mark.parametrize(
    "target", ["example.org", "a@b c", "a@b:ssh", "a@-oProxyCommand=id", "@b"]
)
def test_other_targets_are_a_wrong_use(target: str) -> None:
    with pytest.raises(click.UsageError):
        split(target)


def test_packages_that_differ_from_the_pins_are_shown(tmp_path: Path) -> None:
    here = metadata.version("click")
    (tmp_path / "requirements.txt").write_text(
        "-r more.txt\nclick[x]==0.1 \\\n    --hash=sha256:00\nno-such-thing==1\n"
        "elsewhere==2 ; sys_platform == 'win32'\n# comment==1\n"
    )
    (tmp_path / "more.txt").write_text(f"flask=={metadata.version('flask')}\n")

    shown = difference(tmp_path).splitlines()

    assert [line for line in shown if line[0] in "+-"][2:] == [
        "-click==0.1", "-no-such-thing==1", f"+click=={here}",
    ]  # fmt: skip


def test_packages_that_are_as_pinned_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"Click=={metadata.version('click')}\n")

    assert difference(tmp_path) == ""
