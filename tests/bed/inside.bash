# shellcheck shell=bash
# What `bed` runs inside its namespaces; sourced by it. _init makes the management network and what all hosts share, _boot and _loop
# switch hosts on, _host becomes a host.

# ---- the bed's init: the management network, and what all hosts share

cmd__init() {
  . "$BED_STATE/conf.new"
  mount -t proc proc /proc
  mount -t tmpfs -o mode=755 bed "$NS"
  mkdir -p "$NS"/{base,dev,units,shared,host,empty}
  mount --bind "$BED_STATE/hosts" /etc/hosts
  # Hosts name this network namespace when they make their links.
  mkdir -p /run/netns
  mount -t tmpfs -o mode=755 netns /run/netns
  : >/run/netns/mgmt
  mount --bind /proc/self/ns/net /run/netns/mgmt
  hostname mgmt-nmn
  ip -batch - <<'END'
link set lo up
link add br0 address 02:00:0a:fc:00:00 type bridge forward_delay 0 mcast_snooping 0
addr add 10.252.0.1/16 dev br0
link set br0 up
END
  echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
  make_units
  make_root
  make_dev
  mkfifo "$NS/shared/ready"
  exec 9<>"$NS/shared/ready"
  trap : CHLD TERM INT HUP
  echo ok >"$BED_STATE/up.fifo"
  # PID 1 of the namespace: reap what is left behind, for ever.
  while :; do sleep 1000000 & wait $!; done
}
# Units of the machine that a diskless test host runs. Shown over /usr/lib/systemd/system, so that their paths look as on any host;
# the rest of the directory, and all generators, are hidden.
VENDOR_UNITS="basic.target sysinit.target sockets.target paths.target timers.target slices.target local-fs.target
  local-fs-pre.target swap.target shutdown.target umount.target final.target reboot.target poweroff.target halt.target
  exit.target rescue.target emergency.target multi-user.target network.target network-pre.target network-online.target
  remote-fs.target remote-fs-pre.target nss-lookup.target nss-user-lookup.target time-set.target time-sync.target
  systemd-reboot.service systemd-poweroff.service systemd-halt.service systemd-exit.service dbus.service dbus.socket
  systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket -.mount"
make_units() {
  local unit units=$NS/units etc=$NS/base/etc/systemd wants
  mkdir -p "$units/sockets.target.wants" "$units/sysinit.target.wants"
  for unit in $VENDOR_UNITS; do cp -P "/usr/lib/systemd/system/$unit" "$units/" 2>/dev/null; done
  ln -s ../dbus.socket ../systemd-journald.socket ../systemd-journald-dev-log.socket "$units/sockets.target.wants/"
  ln -s ../systemd-journald.service "$units/sysinit.target.wants/"

  wants=$etc/system/multi-user.target.wants
  mkdir -p "$wants" "$etc/system.conf.d" "$etc/journald.conf.d"
  ln -s /lib/systemd/system/multi-user.target "$etc/system/default.target"
  ln -s /lib/systemd/system/dbus.service "$wants/"
  cat >"$etc/system.conf.d/bed.conf" <<'END'
[Manager]
DefaultTimeoutStartSec=20s
DefaultTimeoutStopSec=20s
LogTarget=journal
ShowStatus=no
END
  cat >"$etc/journald.conf.d/bed.conf" <<'END'
[Journal]
Storage=volatile
RuntimeMaxUse=8M
ReadKMsg=no
Audit=no
ForwardToWall=no
RateLimitIntervalSec=0
END
  cat >"$etc/system/bed-ready.service" <<'END'
[Unit]
Description=Tell the bed that this host is up
DefaultDependencies=no
Requires=dbus.service
After=dbus.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'cat /etc/hostname >/run/bed/ready'
END
  ln -s ../bed-ready.service "$wants/"
  [[ -n $UNITS ]] || return 0
  cp -a "$UNITS"/*.service "$etc/system/"
  while read -r unit; do ln -s "../$unit" "$wants/"; done <"$UNITS/WANTED"
}
make_root() {
  local name base=$NS/base etc=$NS/base/etc
  mkdir -p "$base"/{proc,sys,dev,run,tmp,usr,var/{lib,log,tmp,cache,spool},root,mnt,home,srv,opt,etc/{dbus-1,ssl}}
  chmod 1777 "$base/tmp" "$base/var/tmp"
  ln -s /run "$base/var/run"
  ln -s /run/lock "$base/var/lock"
  for name in bin sbin lib lib32 lib64 libx32; do [[ -L /$name ]] && cp -P "/$name" "$base/"; done
  for name in passwd group ld.so.cache ld.so.conf ld.so.conf.d protocols services localtime alternatives ssl/openssl.cnf; do
    [[ -e /etc/$name ]] && cp -a "/etc/$name" "$etc/$name"
  done
  for name in passwd group shadow services protocols; do echo "$name: files"; done >"$etc/nsswitch.conf"
  echo "hosts: files" >>"$etc/nsswitch.conf"
  printf '%s\n' 'ID=bed' 'NAME="bed test host"' 'PRETTY_NAME="bed test host"' >"$etc/os-release"
  echo 'root:*:19000::::::' >"$etc/shadow"
  : >"$etc/gshadow"
  : >"$etc/fstab"
  : >"$etc/hosts"
  ln -sf /proc/self/mounts "$etc/mtab"
}
make_dev() {
  local dev=$NS/dev name major minor
  while read -r name major minor; do mknod -m 666 "$dev/$name" c "$major" "$minor"; done <<'END'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
fuse 10 229
loop-control 10 237
END
  # Loop devices are the machine's, and every host sees all of them.
  for ((minor = 0; minor < 64; minor++)); do mknod -m 660 "$dev/loop$minor" b 7 "$minor"; done
  mkdir "$dev/pts" "$dev/shm"
  ln -s pts/ptmx "$dev/ptmx"
  ln -s /proc/self/fd "$dev/fd"
  ln -s fd/0 "$dev/stdin"
  ln -s fd/1 "$dev/stdout"
  ln -s fd/2 "$dev/stderr"
}

# ---- hosts

cmd__boot() {
  . "$BED_STATE/conf"
  local i host deadline=$((SECONDS + 30 + $#))
  declare -A waiting
  exec 8<>"$NS/shared/ready"
  for i; do
    host=$(nid "$i")
    waiting[$host]=1
    setsid "$SELF" _loop "$i" </dev/null >"$BED_STATE/log/$host" 2>&1 8>&- &
  done
  while ((${#waiting[@]})); do
    read -r -t 5 host <&8 && unset "waiting[$host]"
    ((SECONDS <= deadline)) || die "not up: ${!waiting[*]}"
  done
  # The hosts go on as children of the bed's init.
}
# One host's power switch. An in-host `reboot` ends its PID 1 with SIGHUP: boot again. Anything else leaves it off.
cmd__loop() {
  . "$BED_STATE/conf"
  local i=$1 host up
  host=$(nid "$i")
  while :; do
    # The (empty) groups of the last boot, and its link if the kernel has not yet removed it.
    find "$CG/$host" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
    ip link del "$(link_of "$i")" 2>/dev/null
    # The clocks that count from boot start near 0, as after a real reboot.
    read -r up _ </proc/uptime
    (
      echo $BASHPID >"$CG/$host/cgroup.procs"
      exec unshare --pid --fork --kill-child --mount --uts --net --ipc --cgroup \
        --time --boottime "-${up%.*}" --monotonic "-${up%.*}" "$SELF" _host "$i"
    )
    [[ $? == 129 ]] || break
  done
}
# The machine's /usr and dpkg's database under a layer of the host's own, in which what the last boot wrote is gone. The units are a copy.
layered_mounts() {
  local host=$1 root=$2 own=$NS/host/$1.own name
  rm -rf "$own"
  for name in usr var/lib/dpkg; do
    mkdir -p "$own/$name/"{layer,work} "$root/$name"
    echo "overlay $root/$name overlay lowerdir=/$name,upperdir=$own/$name/layer,workdir=$own/$name/work"
  done
  cp -a "$NS/units" "$own/units"
  echo "$own/units $root/usr/lib/systemd/system none bind"
}
# In the host's own namespaces: build its root, then become its PID 1.
cmd__host() {
  . "$BED_STATE/conf"
  local i=$1 host root id bind source target
  host=$(nid "$i")
  root=$NS/host/$host
  mkdir -p "$root"
  mount -t tmpfs -o mode=755 root "$root"
  cp -a "$NS/base/." "$root/"
  echo "$host" >"$root/etc/hostname"
  hostname "$host"
  xname "$i" >"$root/etc/xname"
  id=$(md5sum <<<"bed $BED_STATE $host")
  echo "${id%% *}" >"$root/etc/machine-id"

  {
    if ((WRITABLE)); then
      layered_mounts "$host" "$root"
    else
      echo "/usr $root/usr none bind,ro"
      echo "$NS/units $root/usr/lib/systemd/system none bind,ro"
    fi
    cat <<END
$NS/empty $root/usr/lib/systemd/system-generators none bind,ro
proc $root/proc proc nosuid,nodev,noexec
sysfs $root/sys sysfs ro,nosuid,nodev,noexec
cgroup2 $root/sys/fs/cgroup cgroup2 nosuid,nodev,noexec
dev $root/dev tmpfs mode=755,nosuid
run $root/run tmpfs mode=755,nosuid,nodev
tmp $root/tmp tmpfs mode=1777
$BED_STATE/hosts $root/etc/hosts none bind,ro
END
  } >"$NS/host/$host.fstab"
  mount -a -T "$NS/host/$host.fstab"
  cp -a "$NS/dev/." "$root/dev/"
  mkdir -p "$root/run/bed" "$root/run/systemd"
  cat /proc/sys/kernel/random/uuid >"$root/run/bed-boot-id"
  {
    echo "$NS/shared $root/run/bed none bind"
    echo "devpts $root/dev/pts devpts newinstance,ptmxmode=0666,mode=620,gid=5"
    # Nothing in a host may write the machine's sysctls; those of the network are the host's own.
    echo "$root/proc/sys $root/proc/sys none bind,ro"
    echo "/proc/sys/net $root/proc/sys/net none bind"
    [[ -e /proc/sysrq-trigger ]] && echo "$root/proc/sysrq-trigger $root/proc/sysrq-trigger none bind,ro"
    # Else all hosts would share one boot id, and a reboot would not change it.
    echo "$root/run/bed-boot-id $root/proc/sys/kernel/random/boot_id none bind,ro"
    for bind in $BINDS; do
      source=${bind%%:*} target=${bind#*:}
      if [[ -d $source ]]; then mkdir -p "$root$target"; else mkdir -p "$root${target%/*}"; : >"$root$target"; fi
      echo "$source $root$target none bind"
    done
  } >"$NS/host/$host.fstab"
  mount -a -T "$NS/host/$host.fstab"

  echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
  # A fixed MAC: with a random one, neighbours' caches make a rebooted host unreachable for seconds.
  ip -batch - <<END
link set lo up
link add nmn0 address $(printf '02:00:0a:fc:%02x:%02x' $((i >> 8)) $((i & 255))) type veth peer name $(link_of "$i") netns mgmt
addr add $(address "$i")/16 dev nmn0
link set nmn0 up
route add default via 10.252.0.1
END
  ip -n mgmt link set "$(link_of "$i")" master br0 up

  cd "$root" || exit 1
  mkdir -p .old
  pivot_root . .old
  umount -l /.old
  rmdir /.old
  # As on a real machine; in a container systemd leaves it alone.
  mount --make-rshared /
  cd /
  exec env -i container=bed PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 \
    /lib/systemd/systemd --system --log-target=journal --show-status=0 </dev/null
}
