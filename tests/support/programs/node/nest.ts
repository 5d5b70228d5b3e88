// NestJS on Express, with its decorators.

import "reflect-metadata";
import process from "node:process";
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Injectable,
  Module,
  Param,
  Post,
  Query,
  Redirect,
  Sse,
  UploadedFile,
  UseInterceptors,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FileInterceptor } from "@nestjs/platform-express";
import { from, map } from "rxjs";

@Injectable()
class AppService {
  getHello(): string {
    return "Hello World!";
  }
}

@Controller()
class AppController {
  constructor(private readonly appService: AppService) {}

  @Get()
  getHello(): string {
    return this.appService.getHello();
  }

  @Get("users/:id")
  user(@Param("id") id: string, @Query() query: object) {
    return { id, query };
  }

  @Post("echo")
  echo(@Body() body: unknown) {
    return body;
  }

  @Post("form")
  form(@Body() body: unknown) {
    return body;
  }

  @Post("upload")
  @UseInterceptors(FileInterceptor("file"))
  upload(@UploadedFile() file: { originalname: string; buffer: Uint8Array }, @Body() body: object) {
    return { ...body, name: file.originalname, text: new TextDecoder().decode(file.buffer) };
  }

  @Get("redirect")
  @Redirect("/users/7", 302)
  move() {}

  @Sse("events")
  events() {
    return from([1, 2]).pipe(map((data) => ({ data: { data } })));
  }

  @Get("large")
  large() {
    return "x".repeat(300_000);
  }

  @Delete("users/:id")
  @HttpCode(204)
  remove() {}

  @Get("throws")
  throws() {
    throw new Error("on purpose");
  }

  @Get("rejects")
  rejects() {
    return Promise.reject(new Error("on purpose"));
  }
}

@Module({ controllers: [AppController], providers: [AppService] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
const port = process.env.PORT ?? 3000;
await app.listen(port);
console.log(`Application is listening on port ${port}`);
