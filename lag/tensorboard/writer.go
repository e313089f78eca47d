package tensorboard

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of the fields in TensorFlow's event.proto and summary.proto.
const (
	eventWallTime    = 1 // double, seconds since 1970
	eventStep        = 2 // int64
	eventFileVersion = 3 // string
	eventSummary     = 5
	eventSessionLog  = 7

	sessionStatus = 1 // enum
	sessionStart  = 1 // its value for a start

	summaryValue = 1 // repeated
	valueTag     = 1 // string
	valueSimple  = 2 // float
)

// fileVersion is in the first event of every file.
const fileVersion = "brain.Event:2"

// Scalar is a named number. A / in its name separates the group in which
// TensorBoard shows it.
type Scalar struct {
	Tag   string
	Value float64 // stored as a float32
}

// Writer writes an event file: records of TFRecord, each an event.
type Writer struct {
	w     io.Writer
	event []byte
	text  []byte
}

// NewWriter returns a writer that continues an event file.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Begin writes the first events of a file. TensorBoard drops what earlier files of
// the same run say of this step and later ones.
func (w *Writer) Begin(at time.Time, step int) error {
	w.start(at)
	w.event = protowire.AppendString(protowire.AppendTag(w.event, eventFileVersion, protowire.BytesType), fileVersion)
	if err := w.write(); err != nil {
		return err
	}
	w.start(at)
	w.step(step)
	session := protowire.AppendVarint(protowire.AppendTag(nil, sessionStatus, protowire.VarintType), sessionStart)
	w.event = protowire.AppendBytes(protowire.AppendTag(w.event, eventSessionLog, protowire.BytesType), session)
	return w.write()
}

// Scalars writes the numbers of a step.
func (w *Writer) Scalars(at time.Time, step int, scalars []Scalar) error {
	w.start(at)
	w.step(step)
	w.text = w.text[:0]
	for _, s := range scalars {
		var value []byte
		value = protowire.AppendString(protowire.AppendTag(value, valueTag, protowire.BytesType), s.Tag)
		value = protowire.AppendFixed32(protowire.AppendTag(value, valueSimple, protowire.Fixed32Type), math.Float32bits(float32(s.Value)))
		w.text = protowire.AppendBytes(protowire.AppendTag(w.text, summaryValue, protowire.BytesType), value)
	}
	w.event = protowire.AppendBytes(protowire.AppendTag(w.event, eventSummary, protowire.BytesType), w.text)
	return w.write()
}

// start begins an event.
func (w *Writer) start(at time.Time) {
	seconds := float64(at.UnixMicro()) / 1e6
	w.event = protowire.AppendFixed64(protowire.AppendTag(w.event[:0], eventWallTime, protowire.Fixed64Type), math.Float64bits(seconds))
}

// step adds the step of an event. Like other fields, 0 is left out.
func (w *Writer) step(step int) {
	if step != 0 {
		w.event = protowire.AppendVarint(protowire.AppendTag(w.event, eventStep, protowire.VarintType), uint64(step))
	}
}

// write writes the event as a record, with one call, so that a reader sees whole
// records as far as the file system allows:
//
//	length    uint64
//	masked CRC-32C of length
//	event     length bytes
//	masked CRC-32C of event
func (w *Writer) write() error {
	record := binary.LittleEndian.AppendUint64(make([]byte, 0, len(w.event)+16), uint64(len(w.event)))
	record = binary.LittleEndian.AppendUint32(record, masked(record))
	record = append(record, w.event...)
	record = binary.LittleEndian.AppendUint32(record, masked(w.event))
	_, err := w.w.Write(record)
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked returns the masked CRC-32C of data. The mask keeps checksums of data that
// holds checksums from being special.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}
