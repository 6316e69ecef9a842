# SPDX-License-Identifier: Apache-2.0
"""The emulated machine the monitor can close: doc/pks-vm.md, "Ports", says why each option.

`python3 emulator.py` prints it, an argument a line.
"""
QEMU = 'qemu-system-x86_64'
CLOSED = ['-M', 'q35,i8042=off,hpet=off,sata=off,smm=off',
          '-global', 'fw_cfg_io.dma_enabled=off',
          '-global', 'ICH9-LPC.disable_s3=1', '-global', 'ICH9-LPC.disable_s4=1']
MACHINE = [*CLOSED, '-cpu', 'max,-la57', '-m', '512', '-nodefaults', '-no-reboot',
           '-display', 'none', '-serial', 'stdio',
           '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
IOMMU = ['-device', 'intel-iommu,intremap=on']

if __name__ == '__main__':
    print('\n'.join(MACHINE))
