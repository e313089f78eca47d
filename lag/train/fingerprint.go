package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/growth"
)

// Fingerprint returns the sha256, in hexadecimal, of the parameters, the
// moments and their update counts: of the whole state except the step.
func (snap Snapshot) Fingerprint() string {
	sum := sha256.New()
	hashTensors(sum, "", snap.Params)
	for _, moment := range slices.Sorted(maps.Keys(snap.Moments)) {
		hashTensors(sum, moment, snap.Moments[moment])
	}
	for _, name := range slices.Sorted(maps.Keys(snap.Updates)) {
		fmt.Fprintf(sum, "%q %d\n", name, snap.Updates[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func hashTensors(sum hash.Hash, moment string, tensors growth.Tensors) {
	var buffer []byte
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		t := tensors[name]
		fmt.Fprintf(sum, "%q %q %v\n", moment, name, t.Shape)
		buffer = buffer[:0]
		for _, x := range t.Data {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(x))
		}
		sum.Write(buffer)
	}
}
