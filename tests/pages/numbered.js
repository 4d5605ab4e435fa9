// Pictures that say which they are: the grid of tests/numbered.py.

export const COLUMNS = 6;
export const ROWS = 4;
const BITS = (COLUMNS * ROWS) / 2;
const MIDDLE = 128;
const SURE = 48;
const SPOT = 8; // pixels of a cell where pictures are read

const cellsOf = (number) => {
  const bits = Array.from({ length: BITS }, (_, at) => (number >> at) & 1);
  return [...bits, ...bits.map((bit) => 1 - bit)];
};

// Draw a number over the whole of a canvas.
export function draw(canvas, number) {
  const brush = canvas.getContext('2d');
  const [width, height] = [canvas.width / COLUMNS, canvas.height / ROWS];
  cellsOf(number).forEach((cell, at) => {
    brush.fillStyle = cell ? '#e0e0e0' : '#202020';
    const [row, column] = [Math.floor(at / COLUMNS), at % COLUMNS];
    brush.fillRect(column * width, row * height, width + 1, height + 1);
  });
}

// What reads the number of a picture of any size; null if it is unclear.
export function reader() {
  const canvas = new OffscreenCanvas(COLUMNS * SPOT, ROWS * SPOT);
  const brush = canvas.getContext('2d', { willReadFrequently: true });
  return (picture) => {
    brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const { data } = brush.getImageData(0, 0, canvas.width, canvas.height);
    const shades = Array.from({ length: 2 * BITS }, (_, at) => {
      const [row, column] = [Math.floor(at / COLUMNS), at % COLUMNS];
      const [x, y] = [(column + 0.5) * SPOT, (row + 0.5) * SPOT];
      return data[4 * (y * canvas.width + x)];
    });
    if (shades.some((shade) => Math.abs(shade - MIDDLE) < SURE)) return null;
    const bits = shades.map((shade) => Number(shade > MIDDLE));
    const number = bits.slice(0, BITS).reduce((sum, bit, at) => sum | (bit << at), 0);
    return cellsOf(number).every((cell, at) => cell === bits[at]) ? number : null;
  };
}
