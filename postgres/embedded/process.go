package embedded

import (
	"os/exec"
	"runtime"
	"syscall"
)

// process is a child that the kernel ends when we end, however we end.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended; err is set by then
	err  error
}

// startProcess starts cmd so that the kernel sends it the signal when this process dies. The kernel minds the thread that
// started the child, so that thread is kept until the child has ended.
func startProcess(cmd *exec.Cmd, atDeath syscall.Signal) (*process, error) {
	cmd.SysProcAttr.Pdeathsig = atDeath
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// signal sends a signal. A process that has ended takes none, and that is fine.
func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

func (p *process) kill() { p.signal(syscall.SIGKILL) }
