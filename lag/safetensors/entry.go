package safetensors

// Bytes returns the size of the tensor in its file.
func (e Entry) Bytes() int64 { return e.end - e.begin }

// IsFloat reports whether [File.Floats] can read tensors of the type.
func (t DType) IsFloat() bool {
	_, ok := floats[t]
	return ok
}
