"""The steps of `setup` that keep a server running by itself, and apps apart from each other."""

from .plan import Plan
from .provision import APT, Step, file

SSHD = """PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
# Close connections of clients that have not responded for 30 seconds.
ClientAliveInterval 10
ClientAliveCountMax 3

# Root owns the keys of apps: code of an app cannot add one without restrictions.
Match Group hosting
    AuthorizedKeysFile /srv/%u/authorized_keys
"""
JOURNAL = "[Journal]\nStorage=persistent\nSystemMaxUse=1G\n"
KEEP_JOURNAL = "mkdir -p /var/log/journal; systemctl restart systemd-journald; journalctl --flush"
UPDATES = """APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "true";
Unattended-Upgrade::Automatic-Reboot-WithUsers "true";
Unattended-Upgrade::Automatic-Reboot-Time "04:30";
"""
RESTART = """[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
"""
HARDENED = """ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
NoNewPrivileges=yes
AmbientCapabilities=
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""
# All processes of an app are children of its user's systemd and inherit these restrictions. Units
# of a user cannot have most of them: mounts need root.
SANDBOX = f"""{RESTART}
# The kernel must not prefer it to other processes when memory runs out.
OOMScoreAdjust=0

{HARDENED}
ReadWritePaths=/srv/@app@
ProtectHome=tmpfs
BindPaths=/run/user/%i
# Readable by everyone, and full of the domains and names of other apps.
InaccessiblePaths=-/etc/nginx/sites-available -/etc/nginx/sites-enabled -/etc/letsencrypt
InaccessiblePaths=-/var/lib/systemd/linger
CapabilityBoundingSet=
"""
BACKUP_SERVICE = f"""[Unit]
Description=daily backup of %i

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -I /srv/%i/hosting keep-backup
# After boot, the database may not have started yet.
Restart=on-failure
RestartSec=5min

{HARDENED}
ReadWritePaths=/srv/%i /var/backups
ProtectHome=yes
ProtectControlGroups=yes
# To become the app's user, and to write what only root can change.
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER
"""
BACKUP_TIMER = """[Unit]
Description=daily backup of %i

[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=yes

[Install]
WantedBy=timers.target
"""
RELOAD = "systemctl daemon-reload"
SYSTEM = "/etc/systemd/system"


def steps() -> list[Step]:
    """Configure sshd, the firewall, updates, the journal, the clock, and restarts of services."""
    ports = "$(sshd -T | sed -n 's/^port //p')"
    clocks = "command -v chronyd || command -v ntpd"
    return [
        Step("group hosting", "getent group hosting", "groupadd --system hosting"),
        file("/etc/ssh/sshd_config.d/10-hosting.conf", SSHD, then="sshd -t; systemctl reload ssh"),
        file("/etc/apt/apt.conf.d/52hosting", UPDATES),
        file("/etc/systemd/journald.conf.d/hosting.conf", JOURNAL, then=KEEP_JOURNAL),
        *(file(f"{SYSTEM}/{name}.service.d/hosting.conf", RESTART, then=RELOAD)
          for name in ("nginx", "ssh")),
        file(f"{SYSTEM}/hosting-backup@.service", BACKUP_SERVICE, then=RELOAD),
        file(f"{SYSTEM}/hosting-backup@.timer", BACKUP_TIMER, then=RELOAD),
        Step(
            "clock synchronization",
            f"{clocks} || systemctl is-enabled systemd-timesyncd",
            f"apt-get update -qq; {APT} install -qq -y systemd-timesyncd; "
            "systemctl enable --now systemd-timesyncd",
        ),
        Step(
            "firewall: only ssh, http and https",
            "ufw status | grep -q '^Status: active' && ufw status | grep -q '^80,443/tcp'",
            f"for port in {ports}; do ufw allow $port/tcp; done; ufw allow 80,443/tcp; "
            "ufw --force enable",
        ),
    ]  # fmt: skip


def sandbox(plan: Plan) -> list[Step]:
    """Restrict the systemd of the app's user, restart it if it dies, and limit its resources."""
    uid = f"$(id -u {plan.app})"
    limits = (f"MemoryMax={plan.memory}", f"TasksMax={plan.tasks}")
    at_once = f"systemctl set-property --runtime user-{uid}.slice {' '.join(limits)}"
    restrictions = SANDBOX.replace("@app@", plan.app)
    return [
        file(f"{SYSTEM}/user@{uid}.service.d/hosting.conf", restrictions, then=RELOAD),
        file(
            f"{SYSTEM}/user-{uid}.slice.d/hosting.conf",
            "\n".join(["[Slice]", *limits, ""]),
            then=f"{RELOAD}; {at_once}",
        ),
    ]
