using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;

namespace CardIssue.TerminalHost.Service;

/// <summary>Where programs come in.</summary>
internal abstract class ServiceDoor : IDisposable
{
    /// <summary>What kind of door it is, and where.</summary>
    public abstract (string Kind, string Place) Name { get; }

    /// <summary>The next one who comes in; null when it was one who may not.</summary>
    public abstract Task<Stream?> AcceptAsync(CancellationToken cancellation);

    public abstract void Dispose();
}

/// <summary>A TCP port of this machine alone: whoever is on it can come to it, so the token decides.</summary>
internal sealed class PortDoor : ServiceDoor
{
    /// <summary>What is sent ahead of a slow program stays little.</summary>
    private const int SendBuffer = 65_536;

    private readonly TcpListener _listener;

    /// <param name="port">0 for a free one.</param>
    /// <exception cref="SocketException">It can't be had.</exception>
    public PortDoor(int port)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        // Elsewhere a port is one listener's unless this is set at all: set to false, a second one of the same user gets half of all who come.
        if (OperatingSystem.IsWindows()) _listener.ExclusiveAddressUse = true;
        _listener.Start();
    }

    public override (string Kind, string Place) Name => ("port", _listener.LocalEndpoint.ToString()!);

    public override async Task<Stream?> AcceptAsync(CancellationToken cancellation)
    {
        var socket = await _listener.AcceptSocketAsync(cancellation).ConfigureAwait(false);
        (socket.NoDelay, socket.SendBufferSize) = (true, SendBuffer);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public override void Dispose() => _listener.Dispose();
}

/// <summary>A named pipe of Windows, elsewhere a Unix domain socket: the system lets nobody in but this user's own programs.</summary>
internal sealed class PipeDoor : ServiceDoor
{
    private readonly string _name;
    private NamedPipeServerStream _next;

    /// <param name="name">The pipe's name; elsewhere than on Windows a path.</param>
    /// <exception cref="IOException">It can't be had.</exception>
    /// <exception cref="CommandException">Another program has it, or it is too long.</exception>
    public PipeDoor(string name)
    {
        _name = OperatingSystem.IsWindows() ? name : Path.GetFullPath(name);
        if (!OperatingSystem.IsWindows() && !Directory.Exists(Path.GetDirectoryName(_name)))
            throw new CommandException(ExitCode.File, $"{name}: there is no such folder; make it, for this user alone.");
        // On Unix a new socket takes the place of what is there, and who listens at that would not notice.
        if (IsTaken(_name)) throw new CommandException(ExitCode.Failed, $"{name}: another program listens there already.");
        try
        {
            _next = Make(PipeOptions.FirstPipeInstance);
        }
        catch (ArgumentException e)
        {
            throw new CommandException(ExitCode.Usage, $"{name} can be no pipe or socket: it is too long, or has what no name may have.", e);
        }
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_name, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public override (string Kind, string Place) Name => ("pipe", _name);

    public override async Task<Stream?> AcceptAsync(CancellationToken cancellation)
    {
        try
        {
            await _next.WaitForConnectionAsync(cancellation).ConfigureAwait(false);
            var connected = _next;
            _next = Make(PipeOptions.None);
            return connected;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // Another user's program, or one that was gone again at once.
            var refused = _next;
            _next = Make(PipeOptions.None);
            await refused.DisposeAsync().ConfigureAwait(false);
            return null;
        }
    }

    public override void Dispose() => _next.Dispose();

    private NamedPipeServerStream Make(PipeOptions also) =>
        new(_name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte,
            PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly | also);

    private static bool IsTaken(string name)
    {
        if (OperatingSystem.IsWindows()) return false; // The first instance says so itself.
        if (!File.Exists(name)) return false;
        // A socket has no content; what has some is somebody's file.
        if (new FileInfo(name).Length > 0) throw new CommandException(ExitCode.File, $"{name} is a file, and was left as it is; name another place for the socket.");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(name));
            return true;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return false;
        }
    }
}
