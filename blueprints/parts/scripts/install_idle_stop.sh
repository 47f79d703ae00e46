# Have systemd run idle_stop.py every five minutes. IDLE_MINUTES is set above, where the program was written too.
# DESTDIR is where the file system begins, as in installers; it is empty on an instance.
units="${DESTDIR:-}/etc/systemd/system"
install -d "$units"

# Without a user systemd sets no HOME, and the AWS CLI would not find its configuration.
cat > "$units/idle-stop.service" <<UNIT
[Unit]
Description=Stop this notebook instance when it is idle

[Service]
Type=oneshot
User=root
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
RuntimeDirectory=idle-stop
RuntimeDirectoryPreserve=yes
ExecStart=/usr/bin/python3 -I /opt/idle-stop/idle_stop.py ${IDLE_MINUTES}
TimeoutStartSec=240
UNIT

cat > "$units/idle-stop.timer" <<UNIT
[Unit]
Description=Look every five minutes whether this notebook instance is idle

[Timer]
OnActiveSec=5min
OnUnitActiveSec=5min

[Install]
WantedBy=timers.target
UNIT

systemctl daemon-reload
systemctl enable --now idle-stop.timer
echo "This instance stops after ${IDLE_MINUTES} minutes without use."
