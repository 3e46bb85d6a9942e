import { describeMatrix } from './matrix.js';

describeMatrix('SIGTERM');
