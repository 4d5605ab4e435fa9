@echo off
rem What cibuildwheel runs on Windows before it builds wheels: MSVC's
rem environment and NASM, then the pinned OpenSSL (see before-wheels). Without
rem NASM, OpenSSL would be built without its AES code for VAES.
rem Environment: FASTFRAME_OPENSSL_DIR (where the result goes).
cd /d "%~dp0.."
set "VSWHERE=%ProgramFiles(x86)%\Microsoft Visual Studio\Installer\vswhere.exe"
for /f "usebackq delims=" %%i in (`"%VSWHERE%" -latest -property installationPath`) do set "VS=%%i"
call "%VS%\VC\Auxiliary\Build\vcvars64.bat" || exit /b 1
choco install nasm --yes --no-progress || exit /b 1
rem Git's perl comes first on hosted runners and lacks modules.
set "PATH=%ProgramFiles%\NASM;C:\Strawberry\perl\bin;%PATH%"
python tools\build-openssl --release "%FASTFRAME_OPENSSL_DIR%" || exit /b 1
