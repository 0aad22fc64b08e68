@echo off
rem Runs one syncctl command as the tasks do, to be typed by a person: run.cmd stage --dry-run
rem It lies in the folder where .env and .venv are: a local drive or a share. The exit code is syncctl's; 78 where there is no such folder.
setlocal
pushd "%~dp0" || exit /b 78
if not exist ".venv\Scripts\python.exe" (
    echo There is no .venv\Scripts\python.exe in "%~dp0". 1>&2
    popd
    exit /b 78
)
set "PYTHONUTF8=1"
".venv\Scripts\python.exe" -P -m syncctl %*
set "RESULT=%ERRORLEVEL%"
popd
exit /b %RESULT%
