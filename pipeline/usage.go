package pipeline

import "time"

// MetricName names what a sample measures. Names and units follow Prometheus' habits.
type MetricName string

// The metrics of virtual machines and databases. A rate is per second, averaged over the sample's step.
const (
	CPUPercent             MetricName = "cpu_percent"       // of the whole machine as the cloud reports it; may exceed 100
	MemoryUsedBytes        MetricName = "memory_used_bytes" // beside Resource.MemoryBytes
	DiskUsedBytes          MetricName = "disk_used_bytes"
	DiskReadBytes          MetricName = "disk_read_bytes_per_second"
	DiskWriteBytes         MetricName = "disk_write_bytes_per_second"
	NetworkReceiveBytes    MetricName = "network_receive_bytes_per_second"
	NetworkTransmitBytes   MetricName = "network_transmit_bytes_per_second"
	PrivateNetReceiveBytes MetricName = "private_network_receive_bytes_per_second"
	PrivateNetSendBytes    MetricName = "private_network_transmit_bytes_per_second"
	LoadAverage1           MetricName = "load_average_1m"
	LoadAverage5           MetricName = "load_average_5m"
	LoadAverage15          MetricName = "load_average_15m"
)

// Sample is one measurement of one resource. It is not money, so its value is a float.
type Sample struct {
	ResourceID string
	Metric     MetricName
	Time       time.Time // UTC, whole seconds
	Value      float64
}
