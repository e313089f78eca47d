package lag

// SetBatches says what the loss on each batch of the validation set was at a
// step, in nats per predicted token, for [Result.Analyze] to compare strategies
// by. They are no part of result.json.
func (o *Outcome) SetBatches(step int, losses []float64) {
	if o.batches == nil {
		o.batches = make(map[int][]float64)
	}
	o.batches[step] = losses
}
