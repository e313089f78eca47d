// Package tensorboard writes the logs of runs as event files, which TensorBoard
// shows. [Writer] writes the files' format; an [Exporter] writes those of the runs
// of a study, a stacking or a training, from their directory, which may be that of
// a cluster. It only reads there.
package tensorboard
