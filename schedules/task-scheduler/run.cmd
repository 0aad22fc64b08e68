@echo off
rem Runs one syncctl command for Task Scheduler: run.cmd stage --quiet
rem It lies in the folder (on a local drive) where .env and .venv are. Its exit code is syncctl's and becomes the task's "Last Run Result".
setlocal
cd /d "%~dp0"
set "PYTHONUTF8=1"
set "PATH=%~dp0.venv\Scripts;%PATH%"
syncctl %*
exit /b %ERRORLEVEL%
