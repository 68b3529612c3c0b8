// Pins go-nsq for bench/nsq.ts, which builds and runs main.go.
module taz/bench/go-nsq

go 1.26

require github.com/nsqio/go-nsq v1.1.0

require github.com/golang/snappy v0.0.1 // indirect
