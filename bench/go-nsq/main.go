// Publishes static messages as fast as nsqd takes them, one a PUB, with a bounded number outstanding:
// the native producer that bench/nsq.ts compares with. Prints messages per second.
//
// With -consume it reads messages instead and prints when nsqd took each, in ms since 1970.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	nsq "github.com/nsqio/go-nsq"
)

func main() {
	addr := flag.String("addr", "", "address of nsqd")
	topic := flag.String("topic", "", "topic")
	size := flag.Int("size", 300, "bytes of a message")
	outstanding := flag.Int("outstanding", 1000, "messages without an answer at most")
	duration := flag.Duration("duration", 5*time.Second, "how long to publish")
	count := flag.Int("consume", 0, "how many messages to read")
	flag.Parse()
	if *count > 0 {
		consume(*addr, *topic, *count)
		return
	}

	producer, err := nsq.NewProducer(*addr, nsq.NewConfig())
	if err != nil {
		log.Fatal(err)
	}
	producer.SetLogger(log.New(os.Stderr, "", 0), nsq.LogLevelError)

	message := make([]byte, *size)
	for i := range message {
		message[i] = 'x'
	}
	done := make(chan *nsq.ProducerTransaction, *outstanding)
	sent, answered := 0, 0
	wait := func() {
		transaction := <-done
		if transaction.Error != nil {
			log.Fatal(transaction.Error)
		}
		answered++
	}
	started := time.Now()
	for time.Since(started) < *duration {
		for sent-answered >= *outstanding {
			wait()
		}
		if err := producer.PublishAsync(*topic, message, done); err != nil {
			log.Fatal(err)
		}
		sent++
	}
	for answered < sent {
		wait()
	}
	fmt.Printf("%.0f\n", float64(answered)/time.Since(started).Seconds())
	producer.Stop()
}

func consume(addr, topic string, count int) {
	config := nsq.NewConfig()
	config.MaxInFlight = 1000
	consumer, err := nsq.NewConsumer(topic, "bench", config)
	if err != nil {
		log.Fatal(err)
	}
	consumer.SetLogger(log.New(os.Stderr, "", 0), nsq.LogLevelError)
	times := make(chan int64, 1000)
	consumer.AddHandler(nsq.HandlerFunc(func(message *nsq.Message) error {
		times <- message.Timestamp
		return nil
	}))
	if err := consumer.ConnectToNSQD(addr); err != nil {
		log.Fatal(err)
	}
	printed := bufio.NewWriter(os.Stdout)
	defer printed.Flush()
	for read := 0; read < count; read++ {
		select {
		case at := <-times:
			fmt.Fprintf(printed, "%.3f\n", float64(at)/1e6)
		case <-time.After(20 * time.Second):
			log.Fatalf("only %d of %d messages came", read, count)
		}
	}
	consumer.Stop()
}
