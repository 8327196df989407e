"""One package per outside system; each exports a class Emulator."""
