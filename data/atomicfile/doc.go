// Package atomicfile writes files atomically: a file appears under its name
// only when it is complete and synced to the disk. Readers never see a part of
// it, even after a crash. Killed processes may leave files whose names end in
// ".tmp".
package atomicfile
