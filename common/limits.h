// Every bound on what comes from outside, in one place, each with its reason.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace podstep::limits {

// --- a user's manifest ---
/// A manifest file; a real one has a few KiB, an alias bomb wants more.
inline constexpr size_t manifest_bytes = 1 << 20;
/// Nesting of YAML or JSON; a Pod's deepest field lies at about 12.
inline constexpr int document_depth = 32;
/// Nodes of a parsed document, aliases expanded: bounds the work of an alias bomb.
inline constexpr size_t document_nodes = 100'000;
inline constexpr size_t manifest_objects = 64;
/// The job's own hub is for one job: enough for a pod per core of a large node on many nodes.
inline constexpr int32_t replicas = 4096;

// --- the wire from submission to node (W1) ---
/// One option value; Slurm itself carries more, a path does not need it (PATH_MAX is 4096).
inline constexpr size_t option_value_bytes = 4000;
/// The rendered, canonical JSON of a job.
inline constexpr size_t spec_bytes = 4 << 20;
/// Digests in SLURM_PODSTEP_IMAGES: 64 x 72 bytes stay below one page-sized variable.
inline constexpr size_t images_per_job = 64;

// --- images that are imported ---
/// Of what an image takes unpacked to what its layers have; real ones are below 20, zeros compress to 1/1000.
inline constexpr uint64_t image_ratio = 100;
/// An image smaller than this, unpacked, is never called a bomb.
inline constexpr uint64_t image_small_bytes = 1 << 30;
/// Files and directories of an image; the largest known ones have some 600,000.
inline constexpr uint64_t image_entries = 2'000'000;

// --- start-up lines between boot, hub and agents ---
/// Slurm's stdio forwards lines whole only up to 1024 bytes including the newline (srun(1), seen on 22.05.8).
inline constexpr size_t boot_line_bytes = 1000;

/// Boot's verdict for the plugin: a path and a sentence.
inline constexpr size_t verdict_bytes = 8192;

// --- HTTP (W5, W2) ---
inline constexpr size_t http_header_bytes = 64 << 10;
inline constexpr size_t http_body_bytes = 8 << 20;
/// kube-apiserver's own limit for one object in etcd is 1.5 MiB.
inline constexpr size_t object_bytes = 1536 << 10;
/// Connections of known peers a hub or agent serves at once; each idle TLS connection costs about 18 KiB.
inline constexpr size_t connections = 1024;
/// TLS connections at once whose peers are not known (yet): a handshake takes milliseconds.
inline constexpr size_t strangers = 128;
/// One line of a watch stream.
inline constexpr size_t watch_line_bytes = 2 << 20;

// --- the record ---
/// The last part of a container's log that is kept at its exit.
inline constexpr size_t record_log_bytes = 256 << 10;
/// events.jsonl and the daemons' logs; older lines go.
inline constexpr size_t record_stream_bytes = 4 << 20;
/// The hub's journal before it is compacted into a snapshot.
inline constexpr size_t journal_bytes = 16 << 20;

// --- fabric ---
/// fabric.conf: a page of paths.
inline constexpr size_t fabric_policy_bytes = 64 << 10;
/// Files that a container gets for its fabric, one bind mount each; a libfabric with all it needs has
/// about 20.
inline constexpr size_t fabric_files = 64;
/// Variables of a site's recipe, or of one step's credentials; the longest known recipe has 18.
inline constexpr size_t fabric_variables = 64;
/// Entries of one ELF table (program headers, dynamic entries, versions); libc itself has some 50 of each.
inline constexpr size_t elf_entries = 4096;

// --- times ---
/// The batch step waits this long for every agent to register (design: settable by the site).
inline constexpr std::chrono::seconds register_deadline{60};
/// What the plugin gives boot on top of register_deadline before it refuses the job.
inline constexpr std::chrono::seconds verdict_margin{15};
/// `podstep render` reads files from a shared file system, no more.
inline constexpr std::chrono::seconds render_deadline{60};
/// podstep-prepare mounts a few images: milliseconds each; a hanging file system must not hold the node.
inline constexpr std::chrono::seconds prepare_deadline{30};
/// slurmstepd needs milliseconds from the fork of a task to the callback that follows its placing in cgroups.
inline constexpr std::chrono::seconds tracked_deadline{10};
/// A process that must end: SIGTERM, this long, SIGKILL.
inline constexpr std::chrono::seconds term_to_kill{10};

} // namespace podstep::limits
