// An S3 endpoint that reads what it is sent and says yes. Prints its port.
import http from 'node:http';

const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { ETag: '"0"', 'x-amz-version-id': '1' }).end());
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
